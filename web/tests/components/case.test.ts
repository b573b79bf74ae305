// @vitest-environment happy-dom
import { computed, createApp, nextTick, ref } from "vue";
import { createMemoryHistory } from "vue-router";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Api } from "@/api";
import { API, HUB, NOW, TODAY } from "@/composables/keys";
import { i18n, setLang } from "@/i18n";
import CasePage from "@/pages/cases/CasePage.vue";
import { consoleRouter } from "@/router";
import type { CaseFile, Move } from "@/store/cases";
import { createHub, type Hub } from "@/store/hub";

import { caseOf } from "../examples";

const AT = Date.parse("2026-11-22T08:00:00.000Z");

let asked: { method: string; path: string; body: string; key: string }[];
let file: CaseFile;
let hub: Hub;
let root: HTMLElement;
let end: () => void;
let refuse: Response | null;

function move(action: string, over: Partial<Move> = {}): Move {
  return { action, name: action, step: false, effect: action, needs: [], to: null, rated: false, waits_for: [], ...over };
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

const api = new Api((path, options) => {
  const method = options?.method ?? "GET";
  const where = (path as string).replace("/api/v1", "");
  const key = new Headers(options?.headers).get("idempotency-key") ?? "";
  asked.push({ method, path: where, body: typeof options?.body === "string" ? options.body : "", key });
  if (method === "POST" && refuse !== null) return Promise.resolve(refuse);
  return Promise.resolve(json(200, where.endsWith("/near") ? { items: [{ id: "N", number: "2026-000009", metres: 12, why: ["distance", "kind"] }] } : file));
});

beforeEach(async () => {
  asked = [];
  refuse = null;
  file = {
    ...caseOf({ id: "c1", number: "2026-000007", category: "fridge-warm", unit: "market", units: ["market"] }),
    description: "",
    lat: null,
    lon: null,
    clocks: [],
    closed_at: null,
    mastered_by: "hub",
    external_id: null,
    platform_number: null,
    extension_asked: false,
    merged_into: null,
    reports: [],
    history: [
      { seq: 1, at: "2026-11-22T08:00:00.000Z", who: "hub", role: "hub", action: "open", from: "", to: "accept", unit: "market", note: "", attachments: [] },
    ],
    attachments: [],
    catalogue: null,
    may: [move("accept", { step: true }), move("transfer", { needs: ["note", "to"], to: "unit" }), move("merge", { effect: "merge", to: "case" })],
    loop: { id: "seven-step", name: "seven", steps: [{ step: "accept", name: "受理" }, { step: "report", name: "上报" }] },
    names: { site: { zh: "第一小学食堂", en: "School canteen 1" }, area: null, units: { market: { zh: "市场监管局", en: "Market supervision" } } },
  };
  const made = createHub(api, () => {
    throw new Error("nothing listens in this test");
  });
  hub = { ...made, can: made.may, bare: computed(() => false) };
  hub.session.value = { name: "dora", role: "dispatcher", readOnly: false, rights: new Set(["case.read", "case.act"]) };
  root = document.createElement("div");
  document.body.append(root);
  const router = consoleRouter(createMemoryHistory());
  const app = createApp(CasePage, { case: "2026-000007" })
    .use(i18n)
    .use(router)
    .provide(API, api)
    .provide(HUB, hub)
    .provide(NOW, ref(AT))
    .provide(TODAY, ref("2026-11-22"));
  app.mount(root);
  end = () => {
    app.unmount();
    root.remove();
  };
  await vi.waitFor(() => {
    find("act-accept");
  });
});
afterEach(() => {
  end();
  setLang("zh");
});

function find(testid: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  if (found === null) throw new Error(`there is no ${testid}`);
  return found;
}

function posted(): { path: string; body: unknown; key: string }[] {
  return asked.filter(({ method }) => method === "POST").map(({ path, body, key }) => ({ path, body: JSON.parse(body) as unknown, key }));
}

it("offers exactly what the hub says one may do, and shows names that the reader cannot look up", () => {
  const offered = [...root.querySelectorAll('[data-testid^="act-"]')].map((each) => each.getAttribute("data-testid"));
  expect(offered).toEqual(["act-accept", "act-transfer", "act-merge"]);
  expect(root.textContent).toContain("第一小学食堂");
  expect(root.textContent).toContain("市场监管局");
  expect(find("stage-accept").dataset["at"]).toBe("due");
});

it("an action goes out with the version that was seen, and the case is read again", async () => {
  find("act-accept").click();
  await nextTick();
  const reads = asked.filter(({ path }) => path === "/cases/2026-000007").length;
  find("action-form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => {
    expect(posted()).toMatchObject([{ path: "/cases/c1/actions", body: { action: "accept", expect_version: 1 } }]);
  });
  await vi.waitFor(() => {
    expect(asked.filter(({ path }) => path === "/cases/2026-000007").length).toBe(reads + 1);
  });
});

it("what an action needs is asked for before anything is sent", async () => {
  find("act-transfer").click();
  await nextTick();
  find("action-form").dispatchEvent(new Event("submit"));
  await nextTick();
  expect(posted()).toEqual([]);
  expect(find("action-form").textContent).toContain("还缺：说明、去向");
});

it("somebody was faster: it is said, the case is read again, and the next attempt is another one", async () => {
  refuse = json(409, { type: "urn:hub:problem:version-stale", detail: "the case is at version 2" });
  find("act-accept").click();
  await nextTick();
  find("action-form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => {
    expect(find("action-form").textContent).toContain("其他人刚刚作了修改");
  });
  file = { ...file, version: 2 };
  refuse = json(409, { type: "urn:hub:problem:version-stale", detail: "still" });
  find("action-form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => {
    expect(posted()).toHaveLength(2);
  });
  expect(posted()[0]?.key).not.toBe(posted()[1]?.key);
});

it("what may be the same case is offered for merging", async () => {
  await vi.waitFor(() => {
    find("merge-2026-000009");
  });
  find("merge-2026-000009").click();
  await nextTick();
  expect((find("action-to") as HTMLInputElement).value).toBe("2026-000009");
});
