/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - pangolin routes: every route, or the web server's part of the routing. */
#include "cli/cli.h"
#include "cli/httpd.h"

enum status run_routes(struct cli *c)
{
	const char *httpd = cli_flag(c, "httpd"), *sockets = cli_flag(c, "sockets");

	if (!httpd) {
		httpd_list();
		return OK;
	}
	if (strcmp(httpd, "lighttpd") == 0)
		return httpd_lighttpd(c->cx, sockets);
	if (strcmp(httpd, "apache") == 0)
		return httpd_apache(c->cx, sockets ? sockets : "/run/pangolin");
	return fail(c->cx, INVALID, "--httpd is neither lighttpd nor apache: \"%s\"", httpd);
}
