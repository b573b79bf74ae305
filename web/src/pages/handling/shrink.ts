/**
 * Photos made small on the telephone. What is sent was drawn anew: turned as it was taken, and without the place, time,
 * make or any other text that the telephone wrote into the file.
 */

/** Longest side in points: enough to read a thermometer on a photo of a shelf. */
export const LONGEST = 1_600;
const QUALITY = 0.82;

/** Not a picture that this browser can read. */
export class NoPicture extends Error {
  constructor(cause: unknown) {
    super("the file is no picture that this browser reads", { cause });
    this.name = "NoPicture";
  }
}

/** The size of a picture whose longest side is `longest` at most; never enlarged. */
export function fitted(width: number, height: number, longest = LONGEST): { width: number; height: number } {
  const share = Math.min(1, longest / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** A JPEG of ours of what the file shows; NoPicture when it shows nothing. */
export async function shrink(file: Blob): Promise<Blob> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (failure) {
    throw new NoPicture(failure);
  }
  try {
    const size = fitted(picture.width, picture.height);
    const canvas = document.createElement("canvas");
    canvas.width = size.width;
    canvas.height = size.height;
    const pen = canvas.getContext("2d");
    if (pen === null) throw new NoPicture("no canvas");
    pen.fillStyle = "#ffffff"; // where a PNG lets through
    pen.fillRect(0, 0, size.width, size.height);
    pen.drawImage(picture, 0, 0, size.width, size.height);
    return await encoded(canvas);
  } finally {
    picture.close();
  }
}

function encoded(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((done, failed) => {
    canvas.toBlob(
      (blob) => {
        if (blob === null) failed(new NoPicture("not encoded"));
        else done(blob);
      },
      "image/jpeg",
      QUALITY,
    );
  });
}
