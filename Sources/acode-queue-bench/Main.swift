internal import QueueBench

/// Drives a queue without running anything, for measurements and for proofs. Not part of the product.
@main
struct Main {
    static func main() async { await QueueBenchProgram.main() }
}
