/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who can change what we rely on: owners and modes of files and folders. */
#ifndef NFP_BASE_TRUST_H
#define NFP_BASE_TRUST_H

#include <glib.h>

/*
 * An open configuration file, for a process that runs as root: FALSE (NFP_ERROR_USAGE) when somebody else than root, we
 * or who called us by sudo (SUDO_UID) owns it, or when everybody may write to it. Pipes and the like are fine, and all is
 * when we are not root: then the file can do no more than who wrote it.
 */
gboolean nfp_trust_configuration(int fd, const char *path, GError **err);

/*
 * A folder (or a file) of ours that `what` names ("state_dir"): FALSE (NFP_ERROR_USAGE) when we are root and everybody may
 * replace what lies there. None there is fine. *ret_note, or NULL: a sentence when another user than we or root owns it, or
 * when everybody may write to it but not replace what is ours (sticky bit), or not with root's rights (containers are given
 * such folders).
 */
gboolean nfp_trust_place(const char *what, const char *path, char **ret_note, GError **err);

#endif
