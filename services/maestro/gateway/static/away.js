// Is the gateway back? Then the page that was asked for is shown.
"use strict";
const look = async () => {
  try {
    await fetch("/api/v1/health", { cache: "no-store" });
    location.reload();
  } catch {
    setTimeout(look, 2000);
  }
};
setTimeout(look, 2000);
