# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for the arguments of sotto; inside the program Tab completes everything else.
_sotto() {
	local word=${COMP_WORDS[COMP_CWORD]}
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--config-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	--passphrase-fd | -e) COMPREPLY=() ;;
	*) mapfile -t COMPREPLY < <(compgen -W "--config-dir --headless --stay --passphrase-fd -e --version --help" -- "$word") ;;
	esac
}
complete -F _sotto sotto
