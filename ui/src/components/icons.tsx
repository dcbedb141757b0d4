// Line icons of one weight, drawn on 16 × 16.
import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const drawn = (children: ReactNode) => () => <Icon>{children}</Icon>;

export const HomeIcon = drawn(<path d="M2.5 7.2 8 2.5l5.5 4.7V13a.5.5 0 0 1-.5.5H3a.5.5 0 0 1-.5-.5zM6.3 13.5V9.4h3.4v4.1" />);
export const DagIcon = drawn(
  <>
    <circle cx="3.4" cy="8" r="1.7" />
    <circle cx="12.6" cy="3.8" r="1.7" />
    <circle cx="12.6" cy="12.2" r="1.7" />
    <path d="M5 7.3 11 4.5M5 8.7l6 2.8" />
  </>,
);
export const RunsIcon = drawn(<path d="M2.5 4h7M2.5 8h11M2.5 12h5M12 2.4v3.2L14.4 4z" />);
export const AssetIcon = drawn(<path d="M2.5 4.2C2.5 3.2 5 2.5 8 2.5s5.5.7 5.5 1.7v7.6c0 1-2.5 1.7-5.5 1.7s-5.5-.7-5.5-1.7zM2.5 4.2c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7M2.5 8c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7" />);
export const ApprovalIcon = drawn(<path d="M2.5 3.5h11v7.2h-6L4.5 13.5v-2.8h-2zM5.6 7l1.7 1.7 3.2-3.2" />);
export const AdminIcon = drawn(<path d="M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3" />);
export const SearchIcon = drawn(
  <>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.2 3.2" />
  </>,
);
export const CrossIcon = drawn(<path d="m4 4 8 8M12 4l-8 8" />);
export const PlayIcon = drawn(<path d="M4.5 3v10l8-5z" fill="currentColor" />);
export const PauseIcon = drawn(<path d="M5.5 3.5v9M10.5 3.5v9" />);
export const ChevronIcon = drawn(<path d="m6 3.8 4.2 4.2L6 12.2" />);
export const DownIcon = drawn(<path d="m3.8 6 4.2 4.2L12.2 6" />);
export const UpIcon = drawn(<path d="M3.8 10 8 5.8l4.2 4.2" />);
export const MoreIcon = drawn(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.2" />);
export const CheckIcon = drawn(<path d="m3.2 8.4 3.2 3.2 6.4-7" />);
export const CopyIcon = drawn(<path d="M6 6h7.5v7.5H6zM3.7 10H2.5V2.5H10v1.2" />);
export const WarningIcon = drawn(<path d="M8 2.4 14.4 13.4H1.6zM8 6.4v3.2M8 11.6h.01" />);
export const SunIcon = drawn(
  <>
    <circle cx="8" cy="8" r="2.7" />
    <path d="M8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1" />
  </>,
);
export const MoonIcon = drawn(<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z" />);
export const ClockIcon = drawn(
  <>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 4.8V8l2.3 1.5" />
  </>,
);
export const PersonIcon = drawn(
  <>
    <circle cx="8" cy="5.4" r="2.6" />
    <path d="M2.9 13.5c.5-2.6 2.5-4 5.1-4s4.6 1.4 5.1 4" />
  </>,
);
export const RetryIcon = drawn(<path d="M12.9 6.2A5.3 5.3 0 1 0 13.3 9M13.3 2.8v3.6H9.7" />);
export const DownloadIcon = drawn(<path d="M8 2.5v7.6M4.8 7.2 8 10.3l3.2-3.1M2.8 13.3h10.4" />);
export const ExternalIcon = drawn(<path d="M6.5 3.5h-3v9h9v-3M9.5 2.8h3.7v3.7M13 3 7.6 8.4" />);
export const FilterIcon = drawn(<path d="M2.2 3.5h11.6M4.4 8h7.2M6.6 12.5h2.8" />);
