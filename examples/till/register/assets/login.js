"use strict";
document.getElementById("lang").addEventListener("click", (e) => {
  document.cookie = "lang=" + e.target.lang + "; path=/; SameSite=Strict; max-age=31536000";
  location.assign("/login");
});
