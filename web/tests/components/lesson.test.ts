// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";

import { type Console, openConsole } from "../console";
import { device, incident } from "../examples";

const READ = ["device.read", "rule.read", "area.read", "site.read", "lesson.read"];
const TEACH = [...READ, "lesson.write", "evidence.original", "camera.picture"];
const LESSON = {
  id: "cam-bin",
  device: "cam",
  condition: "bin-uncovered",
  region: "0.2,0.3,0.25,0.4",
  examples: { yes: 6, no: 5 },
  training: { state: "done", by: "wang", asked_at: "2026-11-22T08:00:00.000Z", ended_at: null, said: "", version: 2 },
};
const VERSION = {
  version: 2,
  current: true,
  taught_by: "wang",
  taught_at: "2026-11-22T08:00:00.000Z",
  figures: { balanced_accuracy: 0.861, found: 0.9, left_alone: 0.82, calibration_error: 0.05 },
  examples: { yes: 6, no: 5 },
  worst: [],
  doubts: [{ zh: "样本都是同一天的", en: "all examples are of one day" }],
};
const EXAMPLE = { id: "e1", holds: true, incident: null, at: "2026-11-22T08:00:00.000Z", created_by: "wang" };
const ANSWERS = {
  "/devices": { items: [device({ id: "cam", kind: "camera", name: "后厨" })], next: null },
  "/cameras/cam/snapshot.jpg": 503,
  "/precision": { rules: {} },
  "/lessons": { items: [LESSON], next: null },
  "/lessons/cam-bin": { ...LESSON, least: 5, items: [EXAMPLE], versions: [VERSION] },
  "/lessons/cam-bin/examples": EXAMPLE,
  "/lessons/cam-bin/training": LESSON,
};

let page: Console;
afterEach(() => {
  page.end();
});

async function button(testid: string): Promise<HTMLButtonElement> {
  return vi.waitFor(() => {
    const found = page.find(testid);
    if (!(found instanceof HTMLButtonElement)) throw new Error(`there is no ${testid}`);
    return found;
  });
}

async function click(testid: string): Promise<void> {
  const found = await button(testid);
  await vi.waitFor(() => {
    if (found.disabled) throw new Error(`${testid} cannot be clicked`);
  });
  found.click();
}

function type(testid: string, text: string): void {
  const field = page.find(testid) as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event("input"));
}

it("how right a lesson is stands there, and what makes that doubtful", async () => {
  page = await openConsole("/devices/cam", READ, ANSWERS);
  await vi.waitFor(() => {
    expect(page.read("lesson-version")).toContain("准确率 86%：成立的认出 90%，不成立的放过 82%");
  });
  expect(page.read("lesson-version")).toContain("准确率不足 90%");
  expect(page.read("lesson-version")).toContain("样本都是同一天的");
  expect(page.read("lesson-counts")).toContain("成立 6 个，不成立 5 个");
  expect(page.find("lesson-yes")).toBeNull();
  expect(page.find("lesson-new")).toBeNull();
});

it("no example without a reason; each is sent with it", async () => {
  page = await openConsole("/devices/cam", TEACH, ANSWERS, "inspector");
  expect((await button("lesson-yes")).disabled).toBe(true);
  type("lesson-reason", "盖子没盖");
  await click("lesson-no");
  await vi.waitFor(() => {
    expect(page.changes()).toEqual([{ path: "/lessons/cam-bin/examples", body: { holds: false, reason: "盖子没盖" } }]);
  });
});

it("the picture of an example is asked for once, with the reason as it was", async () => {
  page = await openConsole("/devices/cam", TEACH, ANSWERS, "inspector");
  await button("lesson-yes");
  type("lesson-reason", "核对");
  await click("lesson-look");
  type("lesson-reason", "核对样本");
  await vi.waitFor(() => {
    const picture = page.find("lesson-example")?.querySelector("img");
    expect(picture?.getAttribute("src")).toBe(`/api/v1/lessons/cam-bin/examples/e1.png?reason=${encodeURIComponent("核对")}`);
  });
});

it("a new lesson has a word, a region and an id of its own", async () => {
  page = await openConsole("/devices/cam", TEACH, ANSWERS, "inspector");
  await click("lesson-new");
  await button("lesson-begin");
  expect((await button("lesson-begin")).disabled).toBe(true);
  type("lesson-condition", "floor-wet");
  await click("lesson-begin");
  await vi.waitFor(() => {
    expect(page.changes()).toEqual([
      {
        path: "/lessons",
        body: { id: "cam-floor-wet", device: "cam", condition: "floor-wet", region: "0.35,0.35,0.3,0.4" },
      },
    ]);
  });
});

it("it is trained, and while it is nothing else is asked for", async () => {
  const running = { ...LESSON, training: { ...LESSON.training, state: "running", said: "looks at examples" } };
  page = await openConsole(
    "/devices/cam",
    TEACH,
    { ...ANSWERS, "/lessons/cam-bin": { ...running, least: 5, items: [], versions: [] } },
    "inspector",
  );
  await vi.waitFor(() => {
    expect(page.read("lesson-training")).toContain("正在学习 looks at examples");
  });
  expect((await button("lesson-train")).disabled).toBe(true);
});

it("a judged incident becomes an example, with its verdict and reason", async () => {
  page = await openConsole("/room", [...TEACH, "incident.read", "case.read", "incident.judge"], {
    ...ANSWERS,
    "/incidents": { items: [], next: null },
    "/incidents?limit=400&state=open": {
      items: [incident({ id: "i1", devices: ["cam"], verdict: false, verdict_reason: "盖着的" })],
      next: null,
    },
    "/incidents/i1": { plan: null, contacts: [] },
  });
  await click("teach");
  await vi.waitFor(() => {
    expect((page.find("teach-reason") as HTMLInputElement | null)?.value).toBe("盖着的");
  });
  await click("teach-keep");
  await vi.waitFor(() => {
    expect(page.changes()).toEqual([
      {
        path: "/lessons/cam-bin/examples",
        body: { holds: false, reason: "盖着的", incident: "i1", second: 5 },
      },
    ]);
    expect(page.read("acts")).toContain("已用作示教样本");
  });
});
