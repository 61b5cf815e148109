/* SPDX-License-Identifier: BSD-2-Clause */
#include "usage.h"

static const char *const help[] = {
	"Usage: lvsadm [--kernel | --socket PATH] COMMAND [OPTION]...\n"
	"Sets up and shows virtual services: of lvsd, or of the kernel with --kernel. Commands "
	"and\n"
	"options are those of ipvsadm(8).\n\n"
	"  --kernel                 talk to the kernel's IPVS\n"
	"  --socket PATH            lvsd's control socket (default /run/lvsd/control)\n\n",
	"Commands:\n"
	"  -A, --add-service        add a service: SERVICE, -s -p -M -o --pe -b\n"
	"  -E, --edit-service       change one; what is not given becomes the default\n"
	"  -D, --delete-service     remove one\n"
	"  -C, --clear              remove all services\n"
	"  -a, --add-server         add a server: SERVICE, -r, -g -i -m -w -x -y --tun-...\n"
	"  -e, --edit-server        change one; what is not given becomes the default\n"
	"  -d, --delete-server      remove one\n",
	"  -L, -l, --list           services and servers, or SERVICE alone; -c: connections;\n"
	"                           --timeout; --daemon\n"
	"  -S, --save               all services and servers as command lines\n"
	"  -R, --restore            does command lines that it reads; to lvsd in one transaction\n",
	"  -Z, --zero               counters begin at 0: all, or those of SERVICE\n"
	"  --set TCP TCPFIN UDP     timeouts in seconds; 0 keeps one\n"
	"  --start-daemon STATE, --stop-daemon STATE\n"
	"                           connection sync, master or backup: --mcast-interface,\n"
	"                           --syncid, --sync-maxlen, --mcast-group, --mcast-port,\n"
	"                           --mcast-ttl\n"
	"  -h, --help; -v, --version\n\n",
	"Commands that ipvsadm has not:\n"
	"  save                     all that can be restored: thresholds and settings too\n"
	"  restore [FILE] [--dry-run]   what such a file says is all there is, by one "
	"transaction;\n"
	"                           --dry-run: what would change\n"
	"  import --from kernel [--dry-run]   what the kernel's IPVS has is all there is\n"
	"  conns [FILTER] [--count] [--names]; conns kill FILTER | --all\n"
	"                           connections, listed or ended. FILTER: SERVICE,\n"
	"                           -r SERVER[:PORT], --client ADDRESS, --templates,\n"
	"                           --no-templates\n",
	"  drain SERVER[:PORT] [--deadline SECONDS]   weight 0; waits until its connections are\n"
	"                           over, and ends them when the time is up\n"
	"  explain tcp|udp|sctp FROM:PORT TO:PORT [--flags syn,...] [--mark MARK] [--json]\n"
	"                           what would become of such a packet, and why\n"
	"  settings [list | get NAME | set NAME NUMBER]   by the names of net.ipv4.vs.*\n"
	"  watch [--interval SECONDS] [--count LOOKS] [--names]   rates and connections\n\n",
	"SERVICE:\n"
	"  -t, --tcp-service ADDRESS[:PORT]; -u, --udp-service; --sctp-service\n"
	"  -f, --fwmark-service MARK [-6, --ipv6]\n\n"
	"Options of a service:\n"
	"  -s, --scheduler NAME     rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos\n"
	"                           (default wlc)\n"
	"  -p, --persistent [SECONDS]   clients stick to their server (default 360)\n"
	"  -M, --netmask MASK       as networks: a mask, IPv6: 1 to 128\n"
	"  --pe NAME                by what else: sip\n"
	"  -o, --ops                each packet for itself (UDP, marks)\n"
	"  -b, --sched-flags FLAG,...   sh-fallback sh-port mh-fallback mh-port flag-1 to "
	"flag-3\n\n",
	"Options of a server:\n"
	"  -r, --real-server ADDRESS[:PORT]\n"
	"  -g, --gatewaying (default); -i, --ipip; -m, --masquerading\n"
	"  -w, --weight NUMBER      default 1; 0 takes no new connections\n"
	"  -x, --u-threshold NUMBER; -y, --l-threshold NUMBER   of connections; 0: none\n"
	"  --tun-type KIND          ipip (default), gue or gre\n"
	"  --tun-port PORT          of gue\n"
	"  --tun-nocsum, --tun-csum, --tun-remcsum\n\n",
	"Options of a listing:\n"
	"  -n, --numeric            addresses and ports as numbers\n"
	"  --stats, --rate          counters; the same a second\n"
	"  -X, --exact              not shortened by K, M, G and T\n"
	"  --thresholds, --persistent-conn, --tun-info\n"
	"  --nosort                 in the other side's order\n",
};

void usage_help(FILE *out)
{
	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		fputs(help[i], out);
}

void usage_version(FILE *out)
{
	fputs("lvsadm " LVSADM_VERSION "\n", out);
}
