import { App } from './page/app.ts';
import { connectControls } from './page/controls.ts';
import { SettingsStore } from './page/settings/settings-store.ts';
import { applyTheme, onSystemTheme } from './page/settings/theme.ts';
import { takeToken } from './page/settings/token.ts';

const token = takeToken();
const view = new URL(location.href).searchParams.get('view');
const store = new SettingsStore(view === null ? {} : { view });
applyTheme(store.now.theme);
const app = new App(store, token);
connectControls(app);
const recolour = () => {
  applyTheme(store.now.theme);
  app.recolour();
};
store.onChange((_, changed) => changed.has('theme') && recolour());
onSystemTheme(recolour);
void app.start();
