/** Conversations with the assistant: answered at once, or piece by piece. Nothing of them is stored. */
import { findViewer, requireViewer } from '../../auth/access.ts';
import type { Context } from '../../context.ts';
import { ExpectedError, type UserErrorEntry } from '../../errors.ts';
import { Checks } from '../text.ts';
import { ask, authorize, begin, requireEndpoint, systemMessage } from './assistant.ts';
import type { ModelMessage } from './endpoint.ts';
import type { FinishReason, ModelAnswer, Usage } from './modelAnswer.ts';

/** A message, as the SDL's AiMessage. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** Input of a conversation, as the SDL's AiChatInput. */
export interface ChatInput {
  projectId?: string | null;
  messages: readonly ChatMessage[];
}

/** An answer. */
export interface ChatResult {
  message: ChatMessage;
  model: string;
  usage: Usage | null;
  finishReason: FinishReason;
}

/** A part of an answer, as the SDL's AiChatChunk; all but the last have a delta only. */
export interface ChatChunk extends Partial<ChatResult> {
  delta?: string;
  userErrors: UserErrorEntry[];
}

/** Bounds of a conversation. */
export const chatBounds = { messages: 50, messageCharacters: 32_000, characters: 200_000 } as const;

const instructions = [
  'You are the assistant of Snapinfra, where people design backends: database schemas, architectures, generated code, deployments.',
  'Answer in the language of the user, briefly and concretely, in Markdown. Say so when you do not know something.',
  'You can change nothing in Snapinfra; say what the user can do.',
];

function checkMessages({ messages }: ChatInput): void {
  const checks = new Checks();
  const field = ['input', 'messages'];
  if (messages.length === 0 || messages.length > chatBounds.messages) {
    checks.add(field, `A conversation has 1 to ${chatBounds.messages} messages; ${messages.length} came. Leave out the oldest.`);
  } else if (messages.at(-1)?.role !== 'user') checks.add(field, 'The last message must be of the USER: it is the one that is answered.');
  for (const [index, { content }] of messages.slice(0, chatBounds.messages).entries()) {
    checks.text([...field, String(index), 'content'], content, { min: 1, max: chatBounds.messageCharacters, multiline: true });
  }
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (characters > chatBounds.characters) {
    checks.add(
      field,
      `The messages have ${characters} characters together; at most ${chatBounds.characters} are allowed. Leave out the oldest.`,
    );
  }
  checks.throwIfAny();
}

/** Authorizes and validates; returns what the model gets to read. */
async function prepare(context: Context, input: ChatInput): Promise<ModelMessage[]> {
  const project = await authorize(context, input.projectId, 'ai.chat');
  checkMessages(input);
  requireEndpoint(context);
  const messages = input.messages.map(({ role, content }): ModelMessage => ({
    role: role === 'assistant' ? 'assistant' : 'user',
    content,
  }));
  return [await systemMessage(context, instructions, project), ...messages];
}

function resultOf({ text, model, usage, finishReason }: ModelAnswer): ChatResult {
  return { message: { role: 'assistant', content: text }, model, usage, finishReason };
}

/** Answers the last message of a conversation. */
export async function chat(context: Context, { input }: { input: ChatInput }): Promise<ChatResult> {
  const messages = await prepare(context, input);
  return resultOf(await ask(context, ({ endpoint, ...rest }) => endpoint.ask({ messages, ...rest })));
}

/**
 * Answers piece by piece: deltas, then one chunk with the whole. What goes wrong ends it with a chunk of `userErrors`. Pieces
 * are taken from the endpoint as fast as they are read here; who stops reading ends the call.
 */
export async function* chatStream(context: Context, { input }: { input: ChatInput }): AsyncGenerator<{ aiChatStream: ChatChunk }, void> {
  try {
    const messages = await prepare(context, input);
    const { endpoint, leave, ...rest } = begin(context);
    try {
      const pieces = endpoint.stream({ messages, ...rest });
      let next = await pieces.next();
      try {
        for (; next.done !== true; next = await pieces.next()) yield { aiChatStream: { delta: next.value, userErrors: [] } };
      } finally {
        await pieces.return(undefined as never);
      }
      yield { aiChatStream: { ...resultOf(next.value), userErrors: [] } };
    } finally {
      leave();
    }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    yield { aiChatStream: { userErrors: [...error.entries] } };
  }
}

/** What the server knows of its assistant, as the SDL's Ai. */
export interface AiModel {
  available: boolean;
  model: string | null;
}

/** Returns the assistant, or null for anonymous callers. */
export function findAssistant(context: Context): AiModel | null {
  if (!findViewer(context)) return null;
  requireViewer(context, 'account.read');
  const { endpoint } = context.services.ai;
  return { available: endpoint !== null, model: endpoint?.model ?? null };
}
