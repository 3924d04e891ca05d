// The frame of a page: its title (the document's as well), where it belongs, its actions.
import { Fragment, type ReactNode, useEffect } from "react";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  /** Shown in place of the title's text, where it needs more than words. */
  heading?: ReactNode;
  /** Links to what this page is a part of, outermost first. */
  above?: readonly ReactNode[];
  actions?: ReactNode;
  /** Fills the window and scrolls inside (tables, logs); else the page scrolls. */
  isFilling?: boolean;
  children: ReactNode;
}

export function Page({ title, heading, above, actions, isFilling, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Bancada`;
  }, [title]);
  return (
    <div className={classes.page} data-filling={isFilling || undefined}>
      <div className={classes.head}>
        <div className={classes.titles}>
          {above?.length ? (
            <div className={classes.above}>
              {above.map((one, index) => (
                <Fragment key={index}>
                  {one}
                  <span aria-hidden="true">/</span>
                </Fragment>
              ))}
            </div>
          ) : null}
          <h1>{heading ?? title}</h1>
        </div>
        <div className={classes.actions}>{actions}</div>
      </div>
      {children}
    </div>
  );
}
