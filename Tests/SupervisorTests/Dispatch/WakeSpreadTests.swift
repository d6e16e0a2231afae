import Testing

@testable import Supervisor

@Suite("Waits before a look that all are told to take")
struct WakeSpreadTests {
    @Test(arguments: [
        (1, 1.0, Duration.zero), (0, 1.0, .zero), (2, 1.0, .microseconds(500)), (2, 0.5, .microseconds(250)),
        (50, 1.0, .microseconds(24_500)), (50, 0.0, .zero), (1000, 1.0, .milliseconds(25)), (3, 7.0, .milliseconds(1)),
    ])
    func growsWithThoseWhoHearTheSameUpToABound(members: Int, draw: Double, wait: Duration) {
        #expect(WakeSpread(members: members).wait(draw: draw) == wait)
    }
}
