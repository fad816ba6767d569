import { describe, expect, it } from 'vitest';
import { webcamInput } from '../../../../pipeline/sources/live/webcam-input.ts';

const wishes = new URLSearchParams('size=1280x720&fps=30');
const none = new URLSearchParams();

describe('a camera of this machine', () => {
  it('is Video4Linux2 on Linux', () => {
    expect(webcamInput('linux', '0', wishes)).toEqual({
      format: 'video4linux2,v4l2',
      options: ['-f', 'v4l2', '-video_size', '1280x720', '-framerate', '30'],
      target: '/dev/video0',
      file: '/dev/video0',
    });
    expect(webcamInput('linux', '/dev/v4l/by-id/usb-a_b-index0', none).target).toBe('/dev/v4l/by-id/usb-a_b-index0');
  });

  it('is AVFoundation on macOS, without its microphone, at a rate that it has', () => {
    expect(webcamInput('darwin', 'FaceTime HD Camera', none)).toEqual({
      format: 'avfoundation',
      options: ['-f', 'avfoundation', '-framerate', '30'],
      target: 'FaceTime HD Camera:none',
    });
    expect(webcamInput('darwin', '0', wishes).options.filter((option) => option === '-framerate')).toHaveLength(1);
  });

  it('is DirectShow on Windows, by name', () => {
    expect(webcamInput('win32', 'Integrated Camera', wishes)).toEqual({
      format: 'dshow',
      options: ['-f', 'dshow', '-video_size', '1280x720', '-framerate', '30'],
      target: 'video=Integrated Camera',
    });
  });

  it.each([
    ['linux', '/etc/passwd', ''],
    ['linux', '/dev/../etc/passwd', ''],
    ['linux', '', ''],
    ['linux', '0', 'size=big'],
    ['linux', '0', 'codec=x'],
    ['darwin', '0:1', ''],
    ['win32', '0', ''],
    ['win32', 'a:audio=b', ''],
    ['win32', 'a\nb', ''],
    ['aix', '0', ''],
  ] as const)('on %s "%s" with "%s" is refused', (platform, device, query) => {
    expect(() => webcamInput(platform, device, new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    );
  });
});
