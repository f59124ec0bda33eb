export { createCallLimits, type CallLimitSettings } from './call-limits.ts';
export { closeHttp } from './close-http.ts';
export { createHttp, type MissingPage } from './create-http.ts';
export type { AnsweredRead } from './register-route.ts';
export { JsonText, createMemberTexts } from './json-text.ts';
export { openApi } from './openapi.ts';
export { problemMediaType } from './problem.ts';
export { queryShapes } from './query-shapes.ts';
export {
  defineRoute,
  jsonAnswer,
  jsonMediaType,
  noContent,
  type Call,
  type Route,
  type Unchanged,
} from './route.ts';
export { createSessionCookie, type SessionCookie } from './session-cookie.ts';
export { replyWithRefusal } from './reply-with-refusal.ts';
