-- SPDX-License-Identifier: GPL-3.0-or-later
-- A server that changes what its clients send: between.lua beside its data is a function of each stanza, read each time.
-- There is st (util.stanza), and edit(stanza, name, change): change(tag) gives another tag, or nothing, for each such tag inside.
local st = require "util.stanza";
local path = prosody.paths.data .. "/between.lua";

local function edit(stanza, name, change)
	stanza:maptags(function(tag)
		if tag.name == name then return change(tag); end
		edit(tag, name, change);
		return tag;
	end);
end

local function between(event)
	local file = io.open(path);
	if not file then return; end
	local code = file:read("*a");
	file:close();
	local run, why = load(code, "between", "t", { st = st, edit = edit, tostring = tostring, log = module._log });
	if not run then module:log("error", "between: %s", why); return; end
	local fine, failed = pcall(run, event.stanza);
	if not fine then module:log("error", "between: %s", failed); end
end

for _, kind in ipairs { "iq", "message" } do
	for _, to in ipairs { "full", "bare" } do
		module:hook("pre-" .. kind .. "/" .. to, between, 1000);
	end
end
