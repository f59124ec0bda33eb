export {
  captureStatus,
  installCapture,
  uninstallCapture,
  type CapturedTable,
  type CaptureTablesOptions,
} from './capture-triggers.ts';
