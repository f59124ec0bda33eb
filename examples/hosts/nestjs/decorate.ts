type MethodDecorator = (type: object, name: string, descriptor: PropertyDescriptor) => unknown;
type ParameterDecorator = (type: object, name: string, position: number) => unknown;

/** Applies decorators by calls, because Node.js does not run their syntax. A project with a compiler does not need this. */
export function decorate(
  type: { prototype: object },
  name: string,
  decorators: readonly MethodDecorator[],
  parameters: readonly ParameterDecorator[] = [],
): void {
  const { prototype } = type;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (descriptor === undefined) throw new TypeError(`there is no method ${name}`);
  for (const decorator of decorators) decorator(prototype, name, descriptor);
  for (const [position, decorator] of parameters.entries()) decorator(prototype, name, position);
}
