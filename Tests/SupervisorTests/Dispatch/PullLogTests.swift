import Logging
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Pull log")
struct PullLogTests {
    @Test func remembersNoPullThatHasEnded() {
        let log = PullLog(logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }, display: nil)
        for number in 0..<3 {
            log.take("image-\(number)", .began(attempt: 1))
            log.take("image-\(number)", .failed("no", again: .seconds(1)))
            log.take("image-\(number)", .began(attempt: 2))
        }
        #expect(log.underWay == 3)
        for number in 0..<3 { log.take("image-\(number)", .ended) }
        #expect(log.underWay == 0)
    }
}
