/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for fingerprints: one for each byte, things that can be seen, no two beginning with the same three letters. */
#include "api/text.h"

static const char *const words[256] = { "acid", "acorn", "actor", "alarm", "album", "amber", "anchor", "angle", "ankle", "apple",
	"apron", "arch", "army", "arrow", "atlas", "attic", "badge", "baker", "balcony", "bamboo", "banana", "barn", "basket",
	"beach", "beetle", "bell", "bench", "berry", "bicycle", "bishop", "blanket", "blossom", "boat", "bonfire", "bottle",
	"bracelet", "bread", "brick", "broom", "bubble", "bucket", "buffalo", "bullet", "butter", "cabin", "cactus", "camel",
	"canal", "carpet", "castle", "cat", "cavern", "cedar", "cello", "cherry", "chimney", "cinema", "circus", "clock", "cobra",
	"coffee", "comet", "copper", "coral", "cotton", "cousin", "cradle", "cricket", "crown", "crystal", "cushion", "daisy",
	"dancer", "decade", "desert", "diamond", "dinner", "doctor", "dolphin", "donkey", "door", "dragon", "drum", "duck", "dune",
	"eagle", "easel", "echo", "elbow", "elephant", "engine", "envelope", "evening", "fabric", "falcon", "farmer", "feather",
	"fence", "ferry", "fiddle", "finger", "fire", "flag", "flute", "fog", "forest", "fossil", "fountain", "fox", "frost",
	"funnel", "galaxy", "garden", "gazelle", "ghost", "giant", "ginger", "glacier", "glove", "goat", "gold", "gondola", "grape",
	"guitar", "gull", "hammer", "harbor", "hat", "hazel", "helmet", "hermit", "hill", "honey", "horizon", "hotel", "house",
	"hunter", "ice", "igloo", "ink", "insect", "iron", "island", "ivory", "jacket", "jaguar", "jelly", "jewel", "jigsaw",
	"juice", "jungle", "kayak", "kettle", "kitchen", "kiwi", "knight", "ladder", "lagoon", "lamp", "lantern", "lemon",
	"leopard", "library", "lily", "lizard", "lobster", "lotus", "magnet", "mango", "maple", "marble", "meadow", "melon",
	"mermaid", "mill", "mirror", "monkey", "moon", "mosaic", "mountain", "museum", "napkin", "needle", "nest", "nickel",
	"night", "noodle", "north", "nurse", "oasis", "ocean", "octopus", "olive", "onion", "opera", "orange", "orchid", "otter",
	"oven", "owl", "oxygen", "oyster", "paddle", "palace", "panther", "parrot", "peach", "pebble", "pencil", "pepper", "piano",
	"pigeon", "pillow", "pirate", "planet", "plum", "pocket", "poem", "pony", "potato", "prism", "puddle", "pumpkin", "puppet",
	"pyramid", "queen", "quilt", "rabbit", "radio", "rainbow", "raven", "ribbon", "river", "robin", "rocket", "rope", "ruby",
	"saddle", "salmon", "sand", "saturn", "scarf", "school", "shadow", "shell", "silver", "skeleton", "sled", "smoke", "snail",
	"socks", "soup", "spider", "sponge", "squirrel", "stable" };

const char *
text_word(guint8 byte)
{
	return words[byte];
}
