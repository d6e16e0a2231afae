import Settings
import Testing

@testable import WorkerPool

@Suite("Listening sockets")
struct ListeningSocketTests {
    /// Lines of a real /proc/net/tcp: a listener on 127.0.0.1:8080, a connection from its port, a listener on port 22.
    private static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0
           1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 12346 1 0000000000000000 20 4 30 10 -1
           2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12347 1 0000000000000000 100 0 0 10 0
        cut off
        """

    @Test func listenersAreFoundByTheirState() {
        #expect(
            ListeningSockets.parse(Self.table, .tcp) == [
                ListeningSocket(transport: .tcp, port: 8080, inode: "12345"),
                ListeningSocket(transport: .tcp, port: 22, inode: "12347"),
            ])
        #expect(ListeningSockets.parse("", .tcp).isEmpty)
        #expect(ListeningSockets.parse(Self.table, .udp).isEmpty)
    }

    @Test func onlyTheSamePortAndProtocolIsInTheWay() {
        let socket = ListeningSocket(transport: .tcp, port: 8080, inode: "1")
        #expect(socket.holds(PortPublication(hostPort: 8080, containerPort: 80)))
        #expect(!socket.holds(PortPublication(hostPort: 8081, containerPort: 80)))
        #expect(!socket.holds(PortPublication(hostPort: 8080, containerPort: 80, transport: .udp)))
        #expect(!socket.holds(PortPublication(containerPort: 8080)))
    }
}
