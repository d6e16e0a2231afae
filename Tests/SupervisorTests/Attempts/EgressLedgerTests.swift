import Testing

@testable import Supervisor

@Suite("Ledger of refused connections")
struct EgressLedgerTests {
    @Test func aDestinationIsToldOnceAndCountedAtTheEnd() {
        var ledger = EgressLedger()
        #expect(ledger.summary() == nil)
        #expect(ledger.note(destination: "a:443", words: "is not allowed") == "a:443 is not allowed")
        #expect(ledger.closing.isEmpty)
        #expect(ledger.note(destination: "a:443", words: "is not allowed") == nil)
        #expect(ledger.note(destination: "b:80", words: "is not allowed") == "b:80 is not allowed")
        #expect(ledger.closing == ["a:443 was refused 2 times"])
        #expect(ledger.summary() == "workers.egress refused it a:443, b:80")
    }

    @Test func aTaskThatTriesEverythingFillsNoTimeline() {
        var ledger = EgressLedger()
        let told = (0..<10_000).compactMap { ledger.note(destination: "host-\($0):443", words: "") }
        #expect(told.count == EgressLedger.limit)
        #expect(
            ledger.closing == ["connections to other destinations were refused \(10_000 - EgressLedger.limit) times"])
        #expect(ledger.summary() == "workers.egress refused it host-0:443, host-1:443, host-2:443 and others")
    }
}
