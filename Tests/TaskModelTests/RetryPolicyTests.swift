import TaskModel
import Testing

@Suite("RetryPolicy")
struct RetryPolicyTests {
    @Test(arguments: [
        (1, 0.0, 1.0), (1, 0.5, 1.5), (2, 0.0, 2.0), (3, 0.0, 4.0), (4, 0.999, 15.992), (5, 0.0, 10.0), (6, 0.5, 15.0),
        (1000, 0.0, 10.0), (Int.max, 0.0, 10.0), (0, 0.0, 1.0), (-5, 0.0, 1.0),
    ])
    func doublesToACeilingWithHalfJitter(_ row: (failures: Int, random: Double, seconds: Double)) {
        let policy = RetryPolicy(maxAttempts: 9, backoff: 2, maxBackoff: 20)
        #expect(abs(policy.delay(afterFailures: row.failures, random: row.random) - row.seconds) < 1e-9)
    }

    @Test func doesNotRetryUnasked() {
        #expect(RetryPolicy().maxAttempts == 1)
    }
}
