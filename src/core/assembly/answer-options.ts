/** The options of an answer, as long as most are, where their length is not 0; what is longer goes on in the rest (answer-rest.ts). */
@unmanaged
export class AnswerOptions {
  options: u32;
  options1: u32;
  options2: u32;
  options3: u32;
  options4: u32;
}
