import 'reflect-metadata';
import { createAudit, extendContext } from '@bitacora/sdk';
import { Audited, auditFirst, AuditModule } from '@bitacora/sdk/nestjs';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Headers,
  HttpCode,
  Module,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { decorate } from './decorate.ts';

// The server's address and the key are in BITACORA_URL and BITACORA_API_KEY.
const audit = createAudit({ name: 'invoices on NestJS', closeOnExit: true });
const passwords = new Map([['ana', 'correct horse']]);
const sessions = new Map<string, string>();

class Invoices {
  login({ id, password }: { id: string; password: string }): object {
    if (passwords.get(id) !== password) throw new UnauthorizedException();
    const session = crypto.randomUUID();
    sessions.set(session, id);
    extendContext({ actor: { id } });
    return { session };
  }
  logout(session: string): void {
    sessions.delete(session);
  }
  approve(id: string, session: string): object {
    if (!sessions.has(session)) throw new ForbiddenException();
    const changes = [{ path: 'state', before: 'open', after: 'approved' }];
    void audit.capture({ action: 'invoice.approve', target: { type: 'invoice', id }, changes });
    return { id, state: 'approved' };
  }
  report(): never {
    throw new Error('the printer is on fire');
  }
  health(): object {
    return { ok: true };
  }
}
// A project with a compiler writes @Post('/login') login(@Body() body: …) instead.
decorate(Invoices, 'login', [Post('/login'), HttpCode(200)], [Body()]);
decorate(Invoices, 'logout', [Post('/logout'), HttpCode(204)], [Headers('x-session')]);
decorate(
  Invoices,
  'approve',
  [Post('/invoices/:id/approve'), HttpCode(200), Audited({ level: 'high' })],
  [Param('id'), Headers('x-session')],
);
decorate(Invoices, 'report', [Get('/report')]);
decorate(Invoices, 'health', [Get('/health')]);
Controller()(Invoices);

const auditing = AuditModule.forRoot({
  audit,
  actorOf: ({ headers }) => {
    const id = sessions.get(String(headers['x-session']));
    return id === undefined ? undefined : { id };
  },
  signIn: { path: '/login', actorOf: ({ body }) => body as { id: string } },
  signOut: { path: '/logout' },
});
class Application {}
Module({ imports: [auditing], controllers: [Invoices] })(Application);

const app = await NestFactory.create(Application, { logger: false });
auditFirst(app);
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
console.log(`listens on ${(await app.getUrl()).replace('[::1]', '127.0.0.1')}`);
