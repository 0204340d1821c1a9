import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';

/** What a module may import, as Nest takes it. */
export type Imported = Type | DynamicModule | Promise<DynamicModule> | ForwardReference;

/** All modules that these import, directly or not, each once. */
export async function importedModules(imports: readonly Imported[]): Promise<readonly (Type | DynamicModule)[]> {
  const found = new Set<Type | DynamicModule>();
  const visit = async (imported: Imported | undefined): Promise<void> => {
    const given = await imported;
    if (given === undefined) return;
    const module =
      typeof given === 'object' && 'forwardRef' in given ? (given as ForwardReference<() => Type>).forwardRef() : given;
    if (found.has(module)) return;
    found.add(module);
    const type = 'module' in module ? module.module : module;
    const own = (Reflect.getMetadata('imports', type) ?? []) as readonly Imported[];
    const more = 'module' in module ? ((module.imports ?? []) as readonly Imported[]) : [];
    for (const one of [...own, ...more]) await visit(one);
  };
  for (const one of imports) await visit(one);
  return [...found];
}
