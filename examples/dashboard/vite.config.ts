import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The API that the dev server and the preview pass requests on to, WebSockets too. */
const target = process.env['SNAPINFRA_API'] ?? 'http://localhost:5000';
const proxy = {
  '/graphql': { target, ws: true },
  // The page of the API's explorer, which is at /graphql for browsers.
  '/explorer': { target },
  '/api': { target },
};

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
  build: { target: 'es2022', chunkSizeWarningLimit: 900 },
});
