import Foundation
import PostgreSQL
import TestSupport
import Testing

@Suite("PostgreSQL: listener", .timeLimit(.minutes(8)))
struct ListenerTests {
    /// A channel that no other test uses.
    private let channel = "t" + UUID().uuidString

    private var quick: PostgresListener.Options {
        var options = PostgresListener.Options()
        options.ping = .milliseconds(100)
        options.pingTimeout = .milliseconds(400)
        options.backoff = Backoff(first: .milliseconds(20), longest: .milliseconds(100))
        return options
    }

    /// The next wake, within 20 s.
    private func next(
        _ listener: PostgresListener, _ comment: Comment? = nil, location: SourceLocation = #_sourceLocation
    ) async throws -> PostgresWake {
        let wake = await withTaskGroup(of: PostgresWake?.self) { group in
            group.addTask { await listener.next() }
            group.addTask {
                try? await Task.sleep(for: .seconds(20))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        return try #require(wake, comment, sourceLocation: location)
    }

    private func notify(_ text: String = "", _ url: String? = nil) async throws {
        try await TestServer.withConnection(to: url) {
            _ = try await $0.one("SELECT pg_notify($1, $2)", [.text(channel), .text(text)])
        }
    }

    @Test func theFirstWordIsToLookEverywhereAndThenWhatIsNotified() async throws {
        let listener = PostgresListener(try TestServer.target(), channels: [channel, "with \"quotes\" and Übung"])
        defer { listener.close() }
        let first = try await next(listener)
        #expect(first.mayHaveMissed && first.trouble == nil && first.notices.isEmpty)
        #expect(listener.isConnected)
        try await notify("x")
        #expect(try await next(listener).notices == [PostgresNotice(channel: channel, payload: "x")])
        try await TestServer.withConnection {
            _ = try await $0.one("SELECT pg_notify($1, '')", [.text("with \"quotes\" and Übung")])
        }
        let second = try await next(listener)
        #expect(second.notices == [PostgresNotice(channel: "with \"quotes\" and Übung")])
        #expect(!second.mayHaveMissed)
    }

    @Test func whatComesWhileNobodyAsksIsOneWake() async throws {
        let listener = PostgresListener(try TestServer.target(), channels: [channel], options: quick)
        defer { listener.close() }
        _ = try await next(listener)
        try await TestServer.withConnection { connection in
            for _ in 0..<50 { _ = try await connection.one("SELECT pg_notify($1, 'a')", [.text(channel)]) }
            for number in 0..<1000 {
                _ = try await connection.one("SELECT pg_notify($1, $2)", [.text(channel), .text("\(number)")])
            }
            _ = try await connection.one("SELECT pg_notify($1, 'z')", [.text(channel)])
        }
        // The server has sent all of them by now; those that came later would be in the next wake.
        try await Task.sleep(for: .milliseconds(300))
        let wake = try await next(listener)
        #expect(wake.notices.contains(PostgresNotice(channel: channel, payload: "a")))
        #expect(wake.notices.count == 256)
        #expect(wake.mayHaveMissed)
    }

    @Test func aSessionThatTheServerEndsIsToldAndMadeAnew() async throws {
        let name = "test \(channel.prefix(12))"
        let target = try ConnectionTarget(
            TestServer.url() + "?application_name=" + name.replacingOccurrences(of: " ", with: "%20"))
        let listener = PostgresListener(target, channels: [channel], options: quick)
        defer { listener.close() }
        _ = try await next(listener)
        try await TestServer.withConnection {
            let ended = try await $0.one(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [.text(name)])
            #expect(ended.count == 1)
        }
        var wake = try await next(listener)
        if wake.trouble != nil {
            #expect(!wake.mayHaveMissed)
            wake = try await next(listener)
        }
        #expect(wake.mayHaveMissed && wake.trouble == nil)
        try await notify("again")
        #expect(try await next(listener).notices == [PostgresNotice(channel: channel, payload: "again")])
    }

    /// Nothing comes through and nothing breaks: only asking finds it out.
    @Test func aConnectionThatOnlySeemsToBeThereIsFoundOut() async throws {
        let proxy = try FaultProxy(upstream: try TestServer.url())
        defer { proxy.stop() }
        let listener = PostgresListener(try ConnectionTarget(proxy.url), channels: [channel], options: quick)
        defer { listener.close() }
        _ = try await next(listener)
        proxy.hold()
        #expect(try await next(listener).trouble?.code == .timedOut)
        #expect(!listener.isConnected)
        try await notify("unheard")
        proxy.pass()
        let wake = try await next(listener)
        #expect(wake.mayHaveMissed && wake.trouble == nil)
        try await notify("heard")
        #expect(try await next(listener).notices == [PostgresNotice(channel: channel, payload: "heard")])
    }

    @Test func aServerThatIsPausedOrRestartedIsToldAndComesBack() async throws {
        try await PostgresInstance.with { server in
            var target = try ConnectionTarget(server.url)
            target.connectTimeout = .seconds(1)
            let listener = PostgresListener(target, channels: [channel], options: quick)
            defer { listener.close() }
            _ = try await next(listener)
            for (fault, cure) in [("pause", "resume"), ("halt", "start"), ("kill", "start")] {
                try await server.control(fault)
                #expect(try await next(listener, "\(fault)").trouble != nil, "\(fault)")
                try await server.control(cure)
                let wake = try await next(listener, "\(cure)")
                #expect(wake.mayHaveMissed && wake.trouble == nil, "\(cure)")
                try await notify(fault, server.url)
                #expect(try await next(listener).notices == [PostgresNotice(channel: channel, payload: fault)])
            }
        }
    }

    /// Closing ends the wait of a caller and the thread, also of one that connects to somebody who never answers, and of one
    /// that was only dropped.
    @Test func closingIsPromptAndLeavesNoThread() async throws {
        let silent = try TCPServer { $0.waitForEnd() }
        defer { silent.stop() }
        var silentTarget = try ConnectionTarget("postgresql://a@127.0.0.1:\(silent.port)/a")
        silentTarget.connectTimeout = .seconds(60)
        let began = ContinuousClock.now
        for target in [try TestServer.target(), silentTarget] {
            let name = "acode-l\(Int.random(in: 1000...9999))"
            var options = PostgresListener.Options()
            options.threadName = name
            options.connectLimit = .seconds(60)
            let listener = PostgresListener(target, channels: [channel], options: options)
            try await eventually("the thread") { Threads.count(named: name) == 1 }
            let waiting = Task { [listener] in
                while await listener.next() != nil {}
                return true
            }
            listener.close()
            #expect(await waiting.value)
            #expect(await listener.next() == nil)
            try await eventually("the thread's end", within: .seconds(15)) { Threads.count(named: name) == 0 }
            var dropped: PostgresListener? = PostgresListener(target, channels: [channel], options: options)
            try await eventually("the thread") { Threads.count(named: name) == 1 }
            #expect(dropped?.isConnected != nil)
            dropped = nil
            try await eventually("the thread's end", within: .seconds(15)) { Threads.count(named: name) == 0 }
        }
        #expect(.now - began < .seconds(50))
    }

    @Test func aCancelledCallerHearsNothing() async throws {
        let listener = PostgresListener(try TestServer.target(), channels: [channel])
        defer { listener.close() }
        _ = try await next(listener)
        let waiting = Task { await listener.next() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        try await notify("later")
        #expect(try await next(listener).notices.count == 1)
    }
}
