/**
 * The pages of the console. Each folder of `pages` says in its `route.ts` where it stands, who gets to see it and
 * what stands in the header; its component is loaded when somebody goes there. The hub serves the console under
 * every path that is no file, so addresses can be kept and sent.
 */
import {
  createRouter,
  createWebHistory,
  type RouteMeta,
  type Router,
  type RouteRecordRaw,
  type RouterHistory,
} from "vue-router";

/** What a page says of itself in the `meta` of its route. */
export interface PageMeta {
  /** A place in the header: a word of the locales' `nav`, and where (small numbers first). */
  nav?: { word: string; order: number };
  /** Rights that whoever looks needs, each of them. */
  may?: readonly string[];
  /** Only for these roles; left out: for every role that may. */
  roles?: readonly string[];
  /** Roles that come here after their login. */
  home?: readonly string[];
}

const folders = import.meta.glob<{ routes: RouteRecordRaw[] }>("./pages/*/route.ts", { eager: true });

export const ROUTES: readonly RouteRecordRaw[] = Object.values(folders).flatMap((folder) => folder.routes);

export function consoleRouter(history: RouterHistory = createWebHistory()): Router {
  return createRouter({
    history,
    routes: [...ROUTES, { path: "/:rest(.*)*", name: "nowhere", redirect: "/" }],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  });
}

/** What decides whether a page is for somebody. */
export interface Visitor {
  role: string;
  may: (right: string) => boolean;
}

export function isFor(meta: RouteMeta | undefined, who: Visitor): boolean {
  const { roles, may } = said(meta);
  return (roles?.includes(who.role) ?? true) && (may ?? []).every((right) => who.may(right));
}

/** The pages that stand in this visitor's header, in their order. */
export function headings(routes: readonly RouteRecordRaw[], who: Visitor): { path: string; word: string }[] {
  return routes
    .flatMap(({ path, meta }) => {
      const { nav } = said(meta);
      return nav !== undefined && isFor(meta, who) ? [{ path, ...nav }] : [];
    })
    .sort((a, b) => a.order - b.order)
    .map(({ path, word }) => ({ path, word }));
}

/** Where a role's work begins. */
export function homeOf(routes: readonly RouteRecordRaw[], who: Visitor): string {
  const home = routes.find(({ meta }) => (said(meta).home?.includes(who.role) ?? false) && isFor(meta, who));
  return home?.path ?? "/";
}

/** The word of a page in the locales' `nav`; null for pages that stand in no header. */
export function wordOf(meta: RouteMeta): string | null {
  return said(meta).nav?.word ?? null;
}

function said(meta: RouteMeta | undefined): PageMeta {
  return meta ?? {};
}
