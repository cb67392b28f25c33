/** Why nothing can be generated, in words for the person who asked. Trying again would not help. */
export class GenerationFailed extends Error {
  override readonly name = 'GenerationFailed';
}
