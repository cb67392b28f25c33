/** Light or dark: as the device has it, until somebody chooses. */
import { useSyncExternalStore } from 'react';

/** What somebody chose. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const key = 'snapinfra.theme';
const listeners = new Set<() => void>();

function readChoice(): ThemeChoice {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Shows the stored choice; the style sheet knows what `data-theme` means. */
export function applyTheme(): void {
  const choice = readChoice();
  if (choice === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = choice;
}

/** Stores and shows a choice. */
export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, choice);
  applyTheme();
  for (const listener of listeners) listener();
}

/** Returns the choice. */
export function useTheme(): ThemeChoice {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, readChoice);
}
