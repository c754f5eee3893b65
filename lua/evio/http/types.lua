-- Media types of files by the ends of their names, and which of them are worth to be compressed.
local M = {}

M.by_extension = {
  aac = "audio/aac", apng = "image/apng", avif = "image/avif", bin = "application/octet-stream", bmp = "image/bmp",
  css = "text/css; charset=utf-8", csv = "text/csv; charset=utf-8", epub = "application/epub+zip", flac = "audio/flac",
  gif = "image/gif", gz = "application/gzip", htm = "text/html; charset=utf-8", html = "text/html; charset=utf-8",
  ico = "image/x-icon", ics = "text/calendar; charset=utf-8", jpeg = "image/jpeg", jpg = "image/jpeg",
  js = "text/javascript; charset=utf-8", json = "application/json", jsonld = "application/ld+json",
  lua = "text/plain; charset=utf-8", m4a = "audio/mp4", map = "application/json", md = "text/markdown; charset=utf-8",
  mjs = "text/javascript; charset=utf-8", mov = "video/quicktime", mp3 = "audio/mpeg", mp4 = "video/mp4",
  mpeg = "video/mpeg", oga = "audio/ogg", ogg = "audio/ogg", ogv = "video/ogg", opus = "audio/ogg", otf = "font/otf",
  pdf = "application/pdf", png = "image/png", rss = "application/rss+xml", rtf = "application/rtf",
  svg = "image/svg+xml", tar = "application/x-tar", tif = "image/tiff", tiff = "image/tiff", ttf = "font/ttf",
  txt = "text/plain; charset=utf-8", wasm = "application/wasm", wav = "audio/wav", weba = "audio/webm",
  webm = "video/webm", webmanifest = "application/manifest+json", webp = "image/webp", woff = "font/woff",
  woff2 = "font/woff2", xhtml = "application/xhtml+xml", xml = "application/xml", xz = "application/x-xz",
  zip = "application/zip", zst = "application/zstd",
}

local compressible = {
  ["application/javascript"] = true, ["application/json"] = true, ["application/x-javascript"] = true,
  ["application/x-ndjson"] = true, ["application/xml"] = true, ["application/rtf"] = true,
  ["application/wasm"] = true, ["font/otf"] = true, ["font/ttf"] = true, ["image/bmp"] = true,
  ["image/x-icon"] = true,
}

-- Whether bytes of a media type, with or without parameters, become fewer. `more` has answers by types that go first.
function M.is_compressible(media_type, more)
  local name = media_type:lower():match("^[^;%s]*")
  local own = more and more[name]
  if own ~= nil then
    return own
  end
  return compressible[name] or name:find("^text/") ~= nil or name:find("%+json$") ~= nil or name:find("%+xml$") ~= nil
end

return M
