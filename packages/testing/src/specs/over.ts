/** The same port with these members in the place of its own: what is not named goes to the port as it is. */
export function over<Port extends object>(port: Port, members: Partial<Port>): Port {
  return through(port, (_, call) => call(), members);
}

/** The same port, each of its calls made through `pass`, but for these members. Not for getters of something new. */
export function through<Port extends object>(
  port: Port,
  pass: (name: string | symbol, call: () => unknown) => unknown,
  members: Partial<Port> = {},
): Port {
  return new Proxy(port, {
    get: (target, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => pass(name, () => Reflect.apply(member, target, args));
    },
  });
}
