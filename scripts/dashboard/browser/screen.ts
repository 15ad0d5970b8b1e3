import type { ComponentType } from "preact";

/** What a screen is told by its address. */
export interface ScreenProps {
  /** Of the pattern, decoded. */
  values: Record<string, string>;
}

/** One screen of the dashboard: how it is found, and what it shows. */
export interface Screen {
  /** Words of the address; `:name` stands for any: `runs/:run/answers`. */
  path: string;
  title(values: Record<string, string>): string;
  /** In the bar at the top, and the letter that follows `g`. */
  nav?: {
    label: string;
    key: string;
    /** Not where the dashboard only reads. */
    writes?: true;
  };
  /** It is made anew when the path changes, and reads its choices from `here`. */
  body: ComponentType<ScreenProps>;
}
