export * from './testing/testing-module.ts';
