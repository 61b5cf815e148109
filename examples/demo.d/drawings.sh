# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Where hosts stand, and which way packets go.

# drawing MODE [6]
drawing() {
	drawing_hosts "$1${2:-}"
	drawing_way "$1"
}

drawing_hosts() {
	case $1 in
	nat) cat <<'END' ;;

   client            director                      rs1  198.51.100.11:8080
  192.0.2.9 ======= 192.0.2.1   198.51.100.1 ===+= rs2  198.51.100.12:8080
                    service 192.0.2.80:80       +- rs3  198.51.100.13:8080
END
	nat6) cat <<'END' ;;

   client                director                            rs1  [2001:db8:2::11]:8080
  2001:db8:1::9 ======= 2001:db8:1::1   2001:db8:2::1 =====+= rs2  [2001:db8:2::12]:8080
                        service [2001:db8:1::80]:80        +- rs3  [2001:db8:2::13]:8080
END
	tun) cat <<'END' ;;

   client            router                        rs1  198.51.100.11
  192.0.2.9 ======= 192.0.2.1   198.51.100.1 ===+= rs2  198.51.100.12
                    203.0.113.1                 +- rs3  198.51.100.13
                         ||
                    203.0.113.2
                      director, service 203.0.113.80:80
END
	tun6) cat <<'END' ;;

   client                router                            rs1  2001:db8:2::11
  2001:db8:1::9 ======= 2001:db8:1::1   2001:db8:2::1 ===+= rs2  2001:db8:2::12
                        2001:db8:3::1                    +- rs3  2001:db8:2::13
                             ||
                        2001:db8:3::2
                          director, service [2001:db8:3::80]:80
END
	dr) cat <<'END' ;;

   client           director                       rs1  192.0.2.11
  192.0.2.9 ==+==== 192.0.2.1                   +- rs2  192.0.2.12
              |     service 192.0.2.80:80       |- rs3  192.0.2.13
              +========== one segment ==========+
END
	dr6) cat <<'END' ;;

   client               director                            rs1  2001:db8:1::11
  2001:db8:1::9 ==+==== 2001:db8:1::1                    +- rs2  2001:db8:1::12
                  |     service [2001:db8:1::80]:80      |- rs3  2001:db8:1::13
                  +============ one segment =============+
END
	nested) cat <<'END' ;;

   client          first director
  192.0.2.9 ==+=== 192.0.2.1    service 192.0.2.80:80
              |
              |    nat1                            rs1  198.51.100.11:8080
              +=== 192.0.2.21   198.51.100.1 ===+= rs2  198.51.100.12:8080
              |
              |    nat2                            rs3  203.0.113.13:8080
              +=== 192.0.2.22   203.0.113.1 ====+= rs4  203.0.113.14:8080
END
	nested6) cat <<'END' ;;

   client              first director
  2001:db8:1::9 ==+=== 2001:db8:1::1    service [2001:db8:1::80]:80
                  |
                  |    nat1                                 rs1  [2001:db8:2::11]:8080
                  +=== 2001:db8:1::21   2001:db8:2::1 ===+= rs2  [2001:db8:2::12]:8080
                  |
                  |    nat2                                 rs3  [2001:db8:3::13]:8080
                  +=== 2001:db8:1::22   2001:db8:3::1 ===+= rs4  [2001:db8:3::14]:8080
END
	dns) cat <<'END' ;;

                   name server
              +=== 192.0.2.53   www.example: 192.0.2.80 and 192.0.2.81, in turns
   client     |
  192.0.2.9 ==+    nat                             rs1  198.51.100.11:8080
              +=== 192.0.2.1    198.51.100.1 ===+= rs2  198.51.100.12:8080
              |    service 192.0.2.80:80
              |
              |    dr
              +=== 192.0.2.2    service 192.0.2.81:80
              +=== rs3  192.0.2.13
              +=== rs4  192.0.2.14
END
	dns6) cat <<'END' ;;

                       name server
                  +=== 2001:db8:1::53   www.example: 2001:db8:1::80 and 2001:db8:1::81, in turns
   client         |
  2001:db8:1::9 ==+    nat                                 rs1  [2001:db8:2::11]:8080
                  +=== 2001:db8:1::1   2001:db8:2::1 ===+= rs2  [2001:db8:2::12]:8080
                  |    service [2001:db8:1::80]:80
                  |
                  |    dr
                  +=== 2001:db8:1::2   service [2001:db8:1::81]:80
                  +=== rs3  2001:db8:1::13
                  +=== rs4  2001:db8:1::14
END
	esac
}

drawing_way() {
	case $1 in
	nat) cat <<'END' ;;

  request   client --> director -- other destination --> server
  reply     client <-- source is the service <-- director <-- server
END
	tun) cat <<'END' ;;

  request   client --> router --> director == IP in IP ==> router ==> server (lvs-decap)
  reply     client <-- router <-- server
END
	dr) cat <<'END' ;;

  request   client --> director -- same packet, server's MAC --> server
  reply     client <-- server
END
	nested) cat <<END ;;

  request   client --> first director $(drawing_first) nat1, nat2 --> server
  reply     client <-- source is the service <-- nat1, nat2 <-- server
END
	dns) cat <<'END' ;;

  request   client -- name? --> name server; then to nat --> server, or to dr --> server
  reply     client <-- nat <-- rs1, rs2; client <-- rs3, rs4
END
	esac
}

drawing_first() {
	case $FIRST in
	dr) echo '-- same packet, its MAC -->' ;;
	tun) echo '== IP in IP ==>' ;;
	esac
}
