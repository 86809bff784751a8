// Runs before the console itself has come: asks for what the page shows first, and for the page's own file and styles, beside it.
import { fromHash } from "./address";
import { askEarly } from "./early-requests";
import { lateStyles } from "./late-styles";
import { firstQuestions, pageFileAt } from "./page-files";

const { pathname, search } = new URL(fromHash(location.hash) ?? location.href, location.origin); // of an old link, the page it leads to
for (const address of firstQuestions(pathname, search)) askEarly(address);
const pageFile = pageFileAt(pathname);
if (pageFile) for (const file of [pageFile(), lateStyles()]) file.catch(() => undefined); // the page itself asks again, and says what is missing
