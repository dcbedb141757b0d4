// Lays graphs out beside the page, so that it stays quick meanwhile.
import { laidOut, type ToLay } from "./layout.model";

self.onmessage = (event: MessageEvent<{ id: number; asked: ToLay }>) => {
  const { id, asked } = event.data;
  self.postMessage({ id, laid: laidOut(asked) });
};
