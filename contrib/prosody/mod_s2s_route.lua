-- SPDX-License-Identifier: GPL-3.0-or-later
-- Federation without DNS: s2s_routes = { ["b.test"] = { "127.0.0.1", 5269 } }.
module:set_global();

local service = require "net.resolvers.service";
local routes = module:get_option("s2s_routes", {});
local original_new = service.new;

function service.new(hostname, service_name, conn_type, extra)
	local route = routes[hostname];
	if not route then
		return original_new(hostname, service_name, conn_type, extra);
	end
	if service_name == "xmpps-server" then
		return { next = function (_, callback) callback(nil); end };
	end
	local used = false;
	return { next = function (_, callback)
		if used then
			return callback(nil, "no more targets");
		end
		used = true;
		callback("tcp", route[1], route[2], extra);
	end };
end

function module.unload()
	service.new = original_new;
end
