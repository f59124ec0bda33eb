const api = await (await fetch('/openapi.json')).json();
const list = document.getElementById('operations');
const text = (name, content) => Object.assign(document.createElement(name), { textContent: content });
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const line = document.createElement('li');
    const details = document.createElement('details');
    const summary = document.createElement('summary');
    summary.append(text('code', `${method.toUpperCase()} ${path}`), ` ${operation.summary}`);
    const { parameters, requestBody, responses, description } = operation;
    details.append(
      summary,
      text('pre', JSON.stringify({ description, parameters, requestBody, responses }, null, 2)),
    );
    line.append(details);
    list.append(line);
  }
}
