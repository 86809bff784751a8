// Links that open a tracker's form for a new issue, filled in: made here by an address with gaps, nothing is sent anywhere.

export interface Issue {
  title: string;
  body: string;
}

export const EXAMPLES = [
  { name: "GitHub", template: "https://github.com/OWNER/REPOSITORY/issues/new?title={title}&body={body}" },
  { name: "GitLab", template: "https://gitlab.com/GROUP/PROJECT/-/issues/new?issue[title]={title}&issue[description]={body}" },
  { name: "Jira", template: "https://COMPANY.atlassian.net/secure/CreateIssueDetails!init.jspa?pid=10000&issuetype=10001&summary={title}&description={body}" },
] as const;

const STORED = "onrecall-issue-address";
const LONGEST = 6_000; // characters of an address that trackers and browsers take

/** What is wrong with a template, or null. */
export function wrongTemplate(template: string): string | null {
  if (!template.includes("{title}")) return "Put {title} where the title goes.";
  const address = template.replaceAll(/\{(title|body)\}/g, "x");
  if (!URL.canParse(address) || new URL(address).protocol !== "https:") return "Write a whole address that begins with https://.";
  if (/[A-Z]{5,}/.test(new URL(address).pathname) || /^[A-Z]{5,}\./.test(template.replace("https://", ""))) return "Put your own names in place of the capital letters.";
  return /\{(?!title\}|body\})/.test(template) ? "Only {title} and {body} can be filled in." : null;
}

/** The address of a tracker's form, filled in; the body is cut where the address would become too long. */
export function issueLink(template: string, { title, body }: Issue): string {
  const fill = (text: string) => template.replaceAll("{title}", () => encoded(title)).replaceAll("{body}", () => encoded(text));
  const room = LONGEST - fill("").length;
  let shortened = body;
  while (shortened && encoded(shortened).length > room) shortened = [...shortened].slice(0, Math.floor([...shortened].length * 0.9)).join("");
  return fill(shortened);
}

/** Half of a surrogate pair can't be part of an address. */
const encoded = (text: string): string => encodeURIComponent(text.replaceAll(/\p{Cs}/gu, "\ufffd"));

export const storedTemplate = (): string | null => {
  const template = localStorage.getItem(STORED);
  return template && wrongTemplate(template) === null ? template : null;
};

export const storeTemplate = (template: string): void => localStorage.setItem(STORED, template);

interface Item {
  text: string;
  owner: string | null;
  due: string | null;
}

/** An action item as an issue that says where it comes from. */
export function issueOf(item: Item, incident: { id: string; title: string; service: string | null }, address: string): Issue {
  const lines = [item.text, "", `From incident ${incident.id}: ${incident.title}`, incident.service && `Service: ${incident.service}`, item.owner && `Owner: ${item.owner}`, item.due && `Due: ${item.due}`, address];
  return { title: item.text.split("\n")[0]?.slice(0, 200) ?? "", body: lines.filter((line) => line !== null).join("\n") };
}
