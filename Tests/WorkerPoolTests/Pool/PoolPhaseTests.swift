import Testing

@testable import WorkerPool

@Suite("Pool state: every event in every phase")
struct PoolPhaseTests {
    /// One event, and the phase it leads to from vacant, starting, idle, busy and stopping, in this order.
    struct Row: CustomTestStringConvertible {
        let name: String
        let event: PoolState.Event
        let after: [PhaseName]
        var stops: [PhaseName] = []
        var force = false
        var finishes = false

        var testDescription: String { name }
    }

    static let stays = PhaseName.allCases
    static let emptied: [PhaseName] = [.vacant, .vacant, .vacant, .vacant, .vacant]
    static let leaving: [PhaseName] = [.vacant, .stopping, .stopping, .stopping, .stopping]

    static let rows = [
        Row(
            name: "ready", event: .changed(slot: 0, .ready),
            after: [.vacant, .idle, .idle, .busy, .stopping]),
        Row(name: "silent", event: .changed(slot: 0, .silent), after: stays),
        Row(name: "answering", event: .changed(slot: 0, .answering), after: stays),
        Row(name: "engine answering", event: .changed(slot: 0, .engineAnswering), after: stays),
        Row(name: "leaving", event: .changed(slot: 0, .leaving), after: leaving),
        Row(
            name: "released", event: .released(slot: 0, recycle: false),
            after: [.vacant, .starting, .idle, .idle, .stopping]),
        Row(
            name: "released to be recycled", event: .released(slot: 0, recycle: true),
            after: [.vacant, .starting, .idle, .stopping, .stopping], stops: [.busy]),
        Row(
            name: "retired", event: .retire(slot: 0), after: [.vacant, .starting, .stopping, .busy, .stopping],
            stops: [.idle]),
        Row(name: "stopped", event: .ended(slot: 0, .stopped), after: emptied),
        Row(name: "lost", event: .ended(slot: 0, PoolDriver.crash), after: emptied),
        Row(
            name: "start failed", event: .ended(slot: 0, .startFailed(WorkerError(.startFailed, "no"))),
            after: emptied),
        Row(name: "detached", event: .ended(slot: 0, .detached), after: emptied),
        Row(
            name: "occupied", event: .occupied(slot: 0), after: [.vacant, .busy, .idle, .busy, .stopping]),
        Row(name: "timer", event: .timer, after: stays),
        Row(name: "cancel of nobody", event: .cancel(waiter: 99), after: stays),
        Row(
            name: "drain", event: .drain, after: [.vacant, .starting, .stopping, .busy, .stopping], stops: [.idle]),
        Row(
            name: "close", event: .close(force: false), after: [.vacant, .stopping, .stopping, .busy, .stopping],
            stops: [.starting, .idle], finishes: true),
        Row(
            name: "close by force", event: .close(force: true), after: leaving,
            stops: [.starting, .idle, .busy, .stopping], force: true, finishes: true),
    ]

    @Test(arguments: rows, PhaseName.allCases)
    func anEventLeadsWhereItShould(_ row: Row, from phase: PhaseName) throws {
        var driver = PoolDriver.oneSlot(phase)
        try #require(driver.phases == [phase])
        let actions = driver.send(row.event)
        let position = try #require(PhaseName.allCases.firstIndex(of: phase))
        #expect(driver.phases == [row.after[position]])
        var expected: [PoolState.Action] = []
        if row.stops.contains(phase) { expected.append(.stop(slot: 0, force: row.force)) }
        if row.finishes, phase == .vacant { expected.append(.finished) }
        #expect(actions == expected)
    }

    @Test(arguments: PhaseName.allCases)
    func aVacantSlotHoldsNoProfile(_ phase: PhaseName) {
        var driver = PoolDriver.oneSlot(phase)
        driver.send(.ended(slot: 0, .stopped))
        #expect(driver.state.slots == [PoolState.Slot()])
    }
}
