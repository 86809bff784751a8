// Runs before the console itself has come: asks for what the page shows first, and for the page's own file, beside it.
import { askEarly } from "./early-requests";
import { firstQuestions, pageFileAt } from "./page-files";

for (const address of firstQuestions(location.pathname, location.search)) askEarly(address);
void pageFileAt(location.pathname)?.().catch(() => undefined); // the page itself asks again, and says what is missing
