import type { Level } from '@bitacora/event';
import type { Labels } from '@bitacora/pack-kit';

export const importanceNames = ['bajo', 'medio', 'alto', 'critico'] as const;
/** The hosts' word for a level (`nivel_importancia`). */
export type Importance = (typeof importanceNames)[number];

const levelOf: Readonly<Record<Importance, Level>> = {
  bajo: 'low',
  medio: 'medium',
  alto: 'high',
  critico: 'critical',
};
export const importanceOf: Readonly<Record<Level, Importance>> = {
  low: 'bajo',
  medium: 'medio',
  high: 'alto',
  critical: 'critico',
};
export const importanceColours: Readonly<Record<Importance, string>> = {
  bajo: '#28a745',
  medio: '#ffc107',
  alto: '#fd7e14',
  critico: '#dc3545',
};
export const levelLabels: Readonly<Record<Level, Labels>> = {
  low: { en: 'Low', es: 'Bajo', ru: 'Низкий' },
  medium: { en: 'Medium', es: 'Medio', ru: 'Средний' },
  high: { en: 'High', es: 'Alto', ru: 'Высокий' },
  critical: { en: 'Critical', es: 'Crítico', ru: 'Критический' },
};

export function levelOfImportance(name: Importance): Level {
  return levelOf[name];
}
