// Text of authors in Markdown. It is made of elements, never of markup: tags in it are text, and an address that is not
// one of the web leads nowhere.
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import css from "./Markdown.module.css";

export default function Markdown({ text }: { text: string }) {
  return (
    <div className={css.markdown}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        components={{
          // A page of the docs is one part of this page: its headings stand below ours.
          h1: ({ children }) => <h3>{children}</h3>,
          h2: ({ children }) => <h4>{children}</h4>,
          a: ({ href, children }) => (
            <a className="plain-link" href={href} target="_blank" rel="noopener noreferrer">
              {children}
            </a>
          ),
          // The page loads nothing from elsewhere.
          img: ({ alt, src }) => <span className={css.picture}>{alt || String(src ?? "")}</span>,
        }}
      >
        {dedented(text)}
      </ReactMarkdown>
    </div>
  );
}

/** A text that stands indented in its file is not meant as code. */
function dedented(text: string): string {
  const lines = text.split("\n");
  const depth = Math.min(...lines.slice(1).filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length));
  if (!Number.isFinite(depth) || depth === 0) return text.trimStart();
  return [lines[0]!.trimStart(), ...lines.slice(1).map((line) => line.slice(depth))].join("\n");
}
