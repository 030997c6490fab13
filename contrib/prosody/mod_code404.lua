-- SPDX-License-Identifier: GPL-3.0-or-later
-- The legacy code='404' on item-not-found, without which profanity never publishes its first device list.
module:set_global();

local filters = require "util.filters";

local function add_code(stanza)
	if stanza.attr and stanza.name == "iq" and stanza.attr.type == "error" then
		local err = stanza:get_child("error");
		if err and err:get_child("item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas") then
			err.attr.code = "404";
		end
	end
	return stanza;
end

local function hook(session)
	if session.type:match("^c2s") then
		filters.add_filter(session, "stanzas/out", add_code, 0);
	end
end

filters.add_filter_hook(hook);

function module.unload()
	filters.remove_filter_hook(hook);
end
