/** The same port, each of its calls made through `pass`, but for these members, which stand in the place of its own. */
export function over<Port extends object>(
  port: Port,
  members: Partial<Port>,
  pass: (call: () => unknown, name: string | symbol) => unknown = (call) => call(),
): Port {
  return new Proxy(port, {
    get: (target, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => pass(() => Reflect.apply(member, target, args), name);
    },
  });
}
