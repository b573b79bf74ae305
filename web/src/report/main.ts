/** The page behind a QR code (`/r/<code>`), and the one that asks for a receipt (`/r/status`). */
import "@/styles/theme.css";
import "@/report/report.css";

import { ask, became, type Form, Refusal, send, smaller } from "@/report/send";
import { type Word, WORDS } from "@/report/words";
import { recallLang, rememberLang } from "@/store/visitor";

const code = decodeURIComponent(location.pathname.split("/")[2] ?? "");
let lang = recallLang();
let form: Form | null = null;
let said: Refusal | null = null;
let became_: Word | null = null;
let key = fresh();
let preview = "";

function at<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id}`);
  return found;
}

const report = at("form", HTMLFormElement);
const done = at("done", HTMLElement);
const lookup = at("ask", HTMLFormElement);
const photo = at("photo", HTMLInputElement);
const button = at("send", HTMLButtonElement);

/** The same report sent twice is one report. */
function fresh(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

function show(): void {
  const words = WORDS[lang];
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = words.title;
  for (const each of document.querySelectorAll<HTMLElement>("[data-t]")) {
    each.textContent = words[each.dataset["t"] as Word];
  }
  const other = at("lang", HTMLButtonElement);
  other.textContent = words.other;
  other.lang = lang === "zh" ? "en" : "zh-CN";
  at("area", HTMLElement).textContent = form?.area[lang] ?? "";
  for (const each of document.querySelectorAll<HTMLElement>("#kinds span")) {
    each.textContent = form?.kinds.find((kind) => kind.kind === each.dataset["kind"])?.[lang] ?? "";
  }
  at("state", HTMLElement).textContent = became_ === null ? "" : words[became_];
  const message = at("message", HTMLElement);
  message.hidden = said === null;
  message.textContent = said === null ? "" : words[said.word].replace("{n}", String(said.minutes));
}

function say(wrong: unknown): void {
  said = wrong instanceof Refusal ? wrong : new Refusal("wrong");
  show();
  at("message", HTMLElement).scrollIntoView({ block: "center" });
}

function offer(given: Form): void {
  form = given;
  at("words", HTMLTextAreaElement).maxLength = given.words;
  const kinds = at("kinds", HTMLElement);
  for (const each of given.kinds) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "kind";
    radio.value = each.kind;
    const words = document.createElement("span");
    words.dataset["kind"] = each.kind;
    label.append(radio, words);
    kinds.append(label);
  }
  report.hidden = false;
  show();
}

async function submit(): Promise<void> {
  const written = new FormData(report);
  const given = new FormData();
  for (const name of ["kind", "words", "phone", "website"]) {
    const value = written.get(name);
    if (typeof value === "string" && value !== "") given.set(name, value);
  }
  if (!given.has("kind")) throw new Refusal("chooseKind");
  const file = photo.files?.[0];
  if (file !== undefined) given.set("photo", await smaller(file), "photo.jpg");
  else if (!given.has("words")) throw new Refusal("sayWhat");
  given.set("key", key);
  const { receipt } = await send(code, given);
  at("receipt", HTMLElement).textContent = receipt;
  at("look", HTMLAnchorElement).href = `/r/status#${receipt}`;
  report.hidden = true;
  done.hidden = false;
  scrollTo(0, 0);
}

report.addEventListener("submit", (event) => {
  event.preventDefault();
  said = null;
  show();
  button.disabled = true;
  button.textContent = WORDS[lang].sending;
  submit()
    .catch(say)
    .finally(() => {
      button.disabled = false;
      button.textContent = WORDS[lang].send;
    });
});

report.addEventListener("input", () => {
  if (said === null) return;
  said = null;
  show();
});

lookup.addEventListener("submit", (event) => {
  event.preventDefault();
  said = became_ = null;
  became(at("code", HTMLInputElement).value)
    .then((word) => {
      became_ = word;
      show();
    })
    .catch(say);
});

photo.addEventListener("change", () => {
  const image = at("preview", HTMLImageElement);
  if (preview !== "") URL.revokeObjectURL(preview);
  const file = photo.files?.[0];
  preview = file === undefined ? "" : URL.createObjectURL(file);
  image.hidden = preview === "";
  if (preview !== "") image.src = preview;
});

at("lang", HTMLButtonElement).addEventListener("click", () => {
  lang = lang === "zh" ? "en" : "zh";
  rememberLang(lang);
  show();
});

at("again", HTMLButtonElement).addEventListener("click", () => {
  report.reset();
  key = fresh();
  photo.dispatchEvent(new Event("change"));
  done.hidden = true;
  report.hidden = false;
});

if (code === "status") {
  const input = at("code", HTMLInputElement);
  input.value = decodeURIComponent(location.hash.slice(1));
  lookup.hidden = false;
  show();
  if (input.value !== "") lookup.requestSubmit();
} else {
  show();
  ask(code).then(offer).catch(say);
}
