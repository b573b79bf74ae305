/** What the page asks of the hub: the form behind a code, sending a report, what became of one. */
import type { Word } from "@/report/words";

const BASE = "/api/v1/public";
const TIMEOUT = 60_000;
const LONGEST = 1920;

export interface Kind {
  kind: string;
  zh: string;
  en: string;
}

export interface Form {
  area: { zh: string; en: string };
  kinds: Kind[];
  words: number;
}

/** What went wrong, as the word that the page says; `minutes` for the word that names them. */
export class Refusal extends Error {
  constructor(
    readonly word: Word,
    readonly minutes = 0,
  ) {
    super(word);
  }
}

export function ask(code: string): Promise<Form> {
  return call<Form>(`${BASE}/form?code=${encodeURIComponent(code)}`, {});
}

export function send(code: string, given: FormData): Promise<{ receipt: string }> {
  return call<{ receipt: string }>(`${BASE}/reports?code=${encodeURIComponent(code)}`, { method: "POST", body: given });
}

export async function became(receipt: string): Promise<Word> {
  try {
    const found = await call<{ state: Word }>(`${BASE}/reports/${encodeURIComponent(receipt.trim())}`, {});
    return found.state;
  } catch (wrong) {
    throw wrong instanceof Refusal && wrong.word === "gone" ? new Refusal("unknown") : wrong;
  }
}

/** The picture made smaller here already, without what the telephone wrote beside it; as it is when that fails. */
export async function smaller(file: File): Promise<Blob> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    const made = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, "image/jpeg", 0.85);
    });
    return made ?? file;
  } catch {
    return file; // the hub decides whether it can be read
  }
}

async function call<T>(url: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT), credentials: "omit" });
  } catch {
    throw new Refusal("away");
  }
  if (answer.ok) return (await answer.json()) as T;
  throw await refusal(answer);
}

async function refusal(answer: Response): Promise<Refusal> {
  if (answer.status === 404) return new Refusal("gone");
  if (answer.status === 413) return new Refusal("large");
  if (answer.status === 429) {
    return new Refusal("wait", Math.max(1, Math.ceil(Number(answer.headers.get("Retry-After") ?? "60") / 60)));
  }
  if (answer.status === 503) return new Refusal("away");
  const words: Partial<Record<string, Word>> = { photo: "badPhoto", phone: "badPhone", kind: "chooseKind", words: "sayWhat" };
  try {
    const told = (await answer.json()) as { errors?: { path?: string }[] };
    return new Refusal(words[told.errors?.[0]?.path ?? ""] ?? "wrong");
  } catch {
    return new Refusal("wrong");
  }
}
