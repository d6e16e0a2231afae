import ContainerEngine
import Testing

@testable import WorkerPool

@Suite("Retries of pulls")
struct PullRetryTests {
    private func step(
        _ code: EngineError.Code, after failures: Int = 0, retries: Int = 3, words: String = "",
        left: Duration = .seconds(300), jitter: Double = 0.5
    ) -> PullRetry.Step {
        var retry = PullRetry(retries: retries)
        for _ in 0..<failures { _ = retry.failed(.streamFailed, words: "", left: .seconds(300), jitter: 0.5) }
        return retry.failed(code, words: words, left: left, jitter: jitter)
    }

    @Test(arguments: [(0, 1), (1, 2), (2, 4)])
    func waitsDouble(failures: Int, seconds: Int) {
        #expect(step(.streamFailed, after: failures) == .again(after: .seconds(seconds)))
    }

    @Test func afterAllRetriesItIsSpent() {
        #expect(step(.streamFailed, after: 3) == .spent)
        #expect(step(.streamFailed, retries: 0) == .spent)
    }

    @Test(arguments: [(0.0, 750), (1.0, 1250)])
    func waitsAreVaried(jitter: Double, milliseconds: Int) {
        #expect(step(.engineFailure, jitter: jitter) == .again(after: .milliseconds(milliseconds)))
    }

    @Test(arguments: [EngineError.Code.notFound, .unauthorized, .invalidRequest, .imageMissing, .unsupported])
    func whatIsRefusedIsNotTriedAgain(code: EngineError.Code) { #expect(step(code) == .refused) }

    @Test(arguments: [EngineError.Code.streamFailed, .engineFailure, .timedOut, .rateLimited])
    func passingTroubleIsTriedAgain(code: EngineError.Code) {
        guard case .again = step(code) else {
            Issue.record("\(code) should be tried again")
            return
        }
    }

    @Test func aRegistrySaysWhenToComeBack() {
        let words = "toomanyrequests: retry-after: 12s, allowed: 5/minute"
        #expect(step(.rateLimited, words: words, jitter: 0) == .again(after: .seconds(12)))
        #expect(step(.rateLimited, words: words, jitter: 1) == .again(after: .seconds(15)))
        #expect(step(.rateLimited, words: "toomanyrequests", jitter: 0.5) == .again(after: .seconds(5)))
        // Words of other trouble are no request to wait.
        #expect(step(.streamFailed, words: words) == .again(after: .seconds(1)))
    }

    @Test func aWaitBeyondTheLimitIsNotBegun() {
        #expect(step(.streamFailed, left: .milliseconds(900)) == .spent)
        #expect(step(.rateLimited, words: "Retry-After: 600", left: .seconds(300)) == .spent)
    }
}
