import { expect } from 'vitest';
import type { TestServer } from './test-server.ts';

/** The calls of a host of the condominium pack to its server. Each call checks the answer. */
export function condominiumCalls(server: () => TestServer): {
  /** A function of the pack's logger; the result of its event. */
  log(name: string, body: Record<string, unknown>): Promise<any>;
  get(where: string): Promise<any>;
} {
  return {
    async log(name, body) {
      const answer = await server().json(`/v1/packs/condominium/${name}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return answer.body.results[0];
    },
    async get(where) {
      const { status, body } = await server().json(where);
      expect(status, `${where} ${JSON.stringify(body)}`).toBe(200);
      return body;
    },
  };
}
