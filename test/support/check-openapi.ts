/** The faults in the structure of an OpenAPI 3.1 document; the list is empty when there are none. */
export function checkOpenApi(document: any): string[] {
  const wrong: string[] = [];
  const need = (holds: unknown, what: string): void => {
    if (!holds) wrong.push(what);
  };
  need(/^3\.1\.\d+$/.test(document.openapi), 'openapi is not 3.1');
  need(
    typeof document.info?.title === 'string' && typeof document.info.version === 'string',
    'info lacks title or version',
  );
  const ids = new Set<string>();
  for (const [path, item] of Object.entries<Record<string, any>>(document.paths)) {
    need(path.startsWith('/'), `${path} does not start with a slash`);
    for (const [method, operation] of Object.entries(item)) {
      const at = `${method} ${path}`;
      need(['get', 'put', 'post', 'delete', 'patch'].includes(method), `${at} is no method`);
      need(
        typeof operation.operationId === 'string' && !ids.has(operation.operationId),
        `${at}: operationId missing or twice`,
      );
      ids.add(operation.operationId);
      checkParameters(operation.parameters ?? [], { path, at, need });
      const responses = Object.entries<any>(operation.responses ?? {});
      need(
        responses.some(([status]) => /^[23]\d\d$/.test(status)),
        `${at} has no success`,
      );
      for (const [status, response] of responses) {
        need(/^([1-5]\d\d|default)$/.test(status), `${at}: ${status} is no status`);
        need(
          typeof response.description === 'string' && response.description !== '',
          `${at} ${status} lacks a description`,
        );
        checkContent(response.content ?? {}, { at: `${at} ${status}`, need, document });
      }
      if (operation.requestBody)
        checkContent(operation.requestBody.content, { at: `${at} body`, need, document });
      for (const requirement of operation.security ?? document.security ?? [])
        for (const name of Object.keys(requirement))
          need(document.components.securitySchemes[name], `${at}: no security scheme ${name}`);
    }
  }
  return wrong;
}

type Need = (holds: unknown, what: string) => void;

function checkParameters(
  parameters: any[],
  { path, at, need }: { path: string; at: string; need: Need },
): void {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const declared = parameters
    .filter((parameter) => parameter.in === 'path')
    .map((parameter) => parameter.name);
  need(
    inPath.join() === declared.join(),
    `${at}: path has ${inPath.join()}, declared are ${declared.join()}`,
  );
  need(
    new Set(parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).size === parameters.length,
    `${at}: a parameter twice`,
  );
  for (const parameter of parameters) {
    need(
      ['path', 'query', 'header'].includes(parameter.in) && parameter.schema,
      `${at}: parameter ${parameter.name}`,
    );
    if (parameter.in === 'path')
      need(parameter.required === true, `${at}: ${parameter.name} must be required`);
  }
}

function checkContent(
  content: Record<string, any>,
  options: { at: string; need: Need; document: any },
): void {
  for (const [type, media] of Object.entries(content)) {
    options.need(/^[\w.+-]+\/[\w.+-]+$/.test(type), `${options.at}: ${type} is no media type`);
    options.need(media.schema, `${options.at}: ${type} lacks a schema`);
    checkReferences(media.schema, options);
  }
}

function checkReferences(schema: unknown, options: { at: string; need: Need; document: any }): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key !== '$ref') checkReferences(value, options);
    else {
      const found = String(value)
        .slice(2)
        .split('/')
        .reduce((inner: any, name) => inner?.[name], options.document);
      options.need(found, `${options.at}: ${String(value)} leads nowhere`);
    }
  }
}
