//! Processor time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time that this process has used, in user and kernel mode and on all its threads.
pub fn process_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_processor_time_and_sleep_does_not() {
        let before = process_cpu_time();
        let mut sum = 0_u64;
        while process_cpu_time() - before < Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let busy = process_cpu_time();
        std::thread::sleep(Duration::from_millis(200));
        assert!(process_cpu_time() - busy < Duration::from_millis(150));
    }
}
